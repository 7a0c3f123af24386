/** Whether this is a worker of a program that was bundled: then modules may lack what they import, which a bundler has left behind. */
export const bundle = { isHere: false };
