// Starts the simulation worker. The page's first message is the module that it has compiled, so that every worker runs
// code that the browser has optimised once; or nothing, and the worker compiles its own.
import init from "./simulation_worker.js";

const fail = (error) => setTimeout(() => { throw error; });
const start = ({ data }) => init(data instanceof WebAssembly.Module ? { module_or_path: data } : undefined).catch(fail);
addEventListener("message", start, { once: true });
