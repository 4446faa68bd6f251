// A Restate service with one handler: steps in a chain, each journaled before the next. Usage: restate_service.mjs MODULES PORT
import { createRequire } from "node:module";

const [modules, port] = process.argv.slice(2);
// Its SDK uses what Node 20 does not have yet.
Promise.withResolvers ??= () => {
  let resolve, reject;
  const promise = new Promise((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
};
const restate = createRequire(`${modules}/`)("@restatedev/restate-sdk");

async function run(context, steps) {
  let previous = 0;
  for (let step = 0; step < steps; step++) {
    const given = previous;
    previous = await context.run(`step ${step}`, () => given + 1);
  }
  return previous;
}

restate.serve({ services: [restate.service({ name: "chain", handlers: { run } })], port: Number(port) });
