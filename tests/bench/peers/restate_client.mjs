// Runs of the service, all in flight at once, or one after the other. Prints the milliseconds of each and of all as JSON.
// Usage: restate_client.mjs INGRESS_PORT RUNS STEPS together|alone
import http from "node:http";

const [port, runs, steps] = process.argv.slice(2, 5).map(Number);
const agent = new http.Agent({ keepAlive: true, maxSockets: runs });
const body = JSON.stringify(steps);
const headers = { "content-type": "application/json", "content-length": body.length };

function run() {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const request = http.request({ agent, host: "127.0.0.1", port, path: "/chain/run", method: "POST", headers }, (reply) => {
      let text = "";
      reply.on("data", (piece) => (text += piece));
      reply.on("end", () =>
        reply.statusCode === 200 && Number(text) === steps
          ? resolve(performance.now() - began)
          : reject(new Error(`${reply.statusCode}: ${text}`)));
    });
    request.on("error", reject);
    request.end(body);
  });
}

await run(); // What is done once is done.
const began = performance.now();
const each = [];
if (process.argv[5] === "together") each.push(...(await Promise.all(Array.from({ length: runs }, run))));
else for (let number = 0; number < runs; number++) each.push(await run());
console.log(JSON.stringify({ each, all: performance.now() - began }));
process.exit(0);
