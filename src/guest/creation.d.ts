/** Made by the host for each isolate: what time and randomness derive from while modules load. */
declare module "perdure:creation" {
  const creation: { readonly createdAt: number; readonly seed: string };
  export default creation;
}
