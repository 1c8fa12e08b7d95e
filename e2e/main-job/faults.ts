/**
 * The steps at which an ADD can be made to break off. Each has its wrapper around one port, so the controller itself has
 * no switch for tests in it.
 */
import type { Ports } from '../../src/main.js';

/** What happens at the step: it throws, or the whole controller dies as by kill -9. */
export type Fault = () => void;

export const FAULTS = {
  'the pending record': (ports: Ports, fault: Fault): Ports => onSave(ports, 'pending', fault),
  'the wiring': (ports: Ports, fault: Fault): Ports => ({
    ...ports,
    wire: before(ports.wire, 'connect', fault),
  }),
  'the route': (ports: Ports, fault: Fault): Ports => ({ ...ports, kernel: before(ports.kernel, 'put', fault) }),
  'the announcement': (ports: Ports, fault: Fault): Ports => ({ ...ports, bgp: before(ports.bgp, 'announce', fault) }),
  "the container's side": (ports: Ports, fault: Fault): Ports => ({
    ...ports,
    wire: before(ports.wire, 'furnish', fault),
  }),
  'the attached record': (ports: Ports, fault: Fault): Ports => onSave(ports, 'attached', fault),
} as const;

/** What the error of each step says. */
export const SAYS: Record<keyof typeof FAULTS, RegExp> = {
  'the pending record': /writing the endpoint record/,
  'the wiring': /wiring/,
  'the route': /route/,
  'the announcement': /announcement/,
  "the container's side": /wiring/,
  'the attached record': /committing the endpoint record/,
};

/** The port with one method that meets the fault first. A port that hands failures back hands back the fault, once. */
function before<P extends object, M extends keyof P>(port: P, method: M, fault: Fault): P {
  const real = (port[method] as (...args: unknown[]) => unknown).bind(port);
  const faulty = (...args: unknown[]) => {
    try {
      fault();
    } catch (error) {
      if (!Array.isArray(args[0])) throw error;
      return Promise.resolve(new Map(args[0].map((item) => [item, error])));
    }
    return real(...args);
  };
  return new Proxy(port, {
    get: (target, name) => {
      if (name === method) return faulty;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function onSave(ports: Ports, state: string, fault: Fault): Ports {
  const { records } = ports;
  const save: typeof records.save = async (endpoint) => {
    if (endpoint.state === state) fault();
    return records.save(endpoint);
  };
  return { ...ports, records: { ...records, save } };
}
