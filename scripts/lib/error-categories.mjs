/** What the categories of errors mean, and with them the exit codes. */
export const ERROR_CATEGORIES = {
  usage: 'The command line, the configuration or a value is wrong.',
  'not-found': 'What was named is not there.',
  conflict: 'It is there, but in a state that forbids this.',
  denied: 'Permission is missing, or the place is not safe.',
  unavailable: 'A part that is needed cannot be reached now.',
  limit: 'A bound was reached.',
  protocol: 'The two sides do not understand each other.',
  storage: 'The disk or the database does not do what is needed.',
  internal: 'A mistake in triterm.',
  timeout: 'The time that was given has passed.',
};
