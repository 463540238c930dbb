/** The databases that the schema is made on. */
export type Dialect = 'sqlite' | 'postgres';
