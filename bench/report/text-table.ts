/** Rows as text: the first column to the left, the others to the right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map(row => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map(row => [...(row[column] ?? '')].length)),
  );
  return rows
    .map(row =>
      widths
        .map((width, column) => {
          const cell = row[column] ?? '';
          const blank = ' '.repeat(width - [...cell].length);
          return column === 0 ? cell + blank : blank + cell;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
