/** What the isolate knows of the code that it runs: a component's name, and how its classes are exported. */
let ownComponent = "";
let ownModule: Readonly<Record<string, unknown>> = {};

/** Called before any instance runs. */
export function setOwnModule(module: Readonly<Record<string, unknown>>): void {
  ownModule = module;
}

/** All instances of an isolate are of one component. */
export function setOwnComponent(component: string): void {
  ownComponent = component;
}

export function componentName(): string {
  return ownComponent;
}

/** The name of the agent type that a class is: that of its export. */
export function typeName(type: string | (abstract new () => unknown)): string {
  if (typeof type === "string") return type;
  const exported = Object.keys(ownModule).find(
    (name) => name !== "default" && ownModule[name] === type,
  );
  return exported ?? type.name;
}
