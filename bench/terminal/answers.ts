/** Questions that a program asks its terminal, and what an xterm-like one answers (ctlseqs, XTerm Control Sequences). */
const ANSWERS: readonly (readonly [question: RegExp, answer: string])[] = [
  [/\x1b\[0?c/, '\x1b[?62;22c'],
  [/\x1b\[>0?c/, '\x1b[>41;377;0c'],
  [/\x1b\[>0?q/, '\x1bP>|XTerm(377)\x1b\\'],
  [/\x1b\[5n/, '\x1b[0n'],
  [/\x1b\[6n/, '\x1b[1;1R'],
  [/\x1b\]10;\?/, '\x1b]10;rgb:d0d0/d0d0/d0d0\x1b\\'],
  [/\x1b\]11;\?/, '\x1b]11;rgb:1010/1010/1010\x1b\\'],
  [/\x1b\]12;\?/, '\x1b]12;rgb:d0d0/d0d0/d0d0\x1b\\'],
];

/** Answers to the questions in this output, in the order of the table. */
export function answersTo(output: string): string {
  return ANSWERS.filter(([question]) => question.test(output))
    .map(([, answer]) => answer)
    .join('');
}
