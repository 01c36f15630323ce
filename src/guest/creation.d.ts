/** Made by the host for each isolate: what time and randomness derive from while modules load. */
declare module "perdure:creation" {
  const creation: {
    readonly createdAt: number;
    readonly seed: string;
    /** The isolate is for one instance only: module variables are part of its state. */
    readonly isExclusive: boolean;
    /** The code has dynamic imports. */
    readonly importsLater: boolean;
  };
  export default creation;
}
