/** As little work as a pipeline can have. */
export default (input) => (typeof input === "string" ? input.length : Number(input.n) + 1);
