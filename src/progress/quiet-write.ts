/** Writing what nobody must have: that the reader of a pipe has gone is no reason to end a job. */

export function writeTo(output: NodeJS.WritableStream, text: string): void {
  output.write(text, (error) => {
    // The stream tells everybody next, and an error event without a listener ends the process.
    if (error) output.once('error', () => {});
  });
}
