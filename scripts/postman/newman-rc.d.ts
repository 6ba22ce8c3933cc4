/** Where Newman 6 looks for its user's options; it ships without types. */
declare module 'newman/lib/config/rc-file.js' {
  const rcFile: { load(done: (error: null, options: object) => void): void };
  export = rcFile;
}
