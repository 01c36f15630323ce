/** The npm package that carries the binary for this platform: its default is the path of it. */
declare module "workerd" {
  const workerd: { readonly default: string };
  export default workerd;
}
