/** A network namespace that stands for a container: what a runtime makes before it calls ADD. */
import { addNamespace, attemptIn, namespacePath, type Output, removeNamespace, succeed } from './namespace.js';
import { type LabNode, nodeNamespace } from './node.js';
import { type LabState, save } from './state.js';

export class Container {
  readonly name: string;
  /** The node whose plugin attaches it. */
  readonly node: LabNode;
  readonly namespace: string;
  readonly #state: LabState;

  /** Makes the namespace. Throws when the lab, or anybody else, has one of that name. */
  static async create(node: LabNode, name: string, state: LabState): Promise<Container> {
    const container = new Container(node, name, state);
    if (state.namespaces.includes(container.namespace)) throw new Error(`lab ${state.name} has a "${name}" already`);
    // Written down first: after a kill in between, removal finds it.
    container.#note([...state.namespaces, container.namespace]);
    try {
      await addNamespace(container.namespace);
    } catch (error) {
      container.#forget(); // It is somebody else's.
      throw error;
    }
    return container;
  }

  private constructor(node: LabNode, name: string, state: LabState) {
    this.name = name;
    this.node = node;
    this.namespace = nodeNamespace(state.name, name);
    this.#state = state;
  }

  /** What CNI_NETNS says. */
  get netns(): string {
    return namespacePath(this.namespace);
  }

  /** Runs a command in the container; returns what it printed. Throws when it fails. */
  async exec(argv: readonly string[]): Promise<string> {
    return succeed(await this.attempt(argv), argv, this.name);
  }

  /** Runs a command in the container; returns exit code and output. */
  attempt(argv: readonly string[]): Promise<Output> {
    return attemptIn(this.namespace, argv);
  }

  /** Removes the namespace with everything in it, as a runtime does after (or, badly, before) DEL. */
  async remove(): Promise<void> {
    await removeNamespace(this.namespace);
    this.#forget();
  }

  #forget(): void {
    this.#note(this.#state.namespaces.filter((it) => it !== this.namespace));
  }

  #note(namespaces: string[]): void {
    this.#state.namespaces = namespaces;
    save(this.#state);
  }
}
