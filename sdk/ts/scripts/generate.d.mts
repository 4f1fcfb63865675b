/** Generates the client into `folder`. */
export function generate(folder: string): Promise<void>;
