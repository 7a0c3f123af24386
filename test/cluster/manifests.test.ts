import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { hintsOf } from "../../src/cli/cluster/metrics-server.ts";

/** What KEDA takes, of its `metrics-api` scaler: https://keda.sh/docs/latest/scalers/metrics-api/. All values are texts there. */
const METRICS_API = z.strictObject({
  type: z.literal("metrics-api"),
  name: z.string().optional(),
  metadata: z.strictObject({
    url: z.url(),
    valueLocation: z.string(),
    targetValue: z.string().regex(/^\d+(\.\d+)?$/),
    activationTargetValue: z.string().optional(),
    format: z.enum(["json", "xml", "yaml", "prometheus"]).optional(),
  }),
});

const NAME = z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
const COUNT = z.number().int().nonnegative();

/** The part of KEDA's CustomResourceDefinition that a manifest may use, and nothing else. */
const SCALED_OBJECT = z.strictObject({
  apiVersion: z.literal("keda.sh/v1alpha1"),
  kind: z.literal("ScaledObject"),
  metadata: z.strictObject({
    name: NAME,
    namespace: NAME.optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.strictObject({
    scaleTargetRef: z.strictObject({ name: NAME, kind: z.string().optional(), apiVersion: z.string().optional() }),
    pollingInterval: COUNT.optional(),
    cooldownPeriod: COUNT.optional(),
    minReplicaCount: COUNT.optional(),
    maxReplicaCount: COUNT.optional(),
    triggers: z.array(METRICS_API).nonempty(),
  }),
});

const LABELS = z.record(z.string(), z.string());

/** The parts of the other manifests that have to fit together. */
const DEPLOYMENT = z.object({
  apiVersion: z.literal("apps/v1"),
  kind: z.literal("Deployment"),
  metadata: z.object({ name: NAME }),
  spec: z.object({
    selector: z.strictObject({ matchLabels: LABELS }),
    template: z.object({
      metadata: z.object({ labels: LABELS }),
      spec: z.object({
        terminationGracePeriodSeconds: COUNT,
        containers: z
          .array(
            z.object({
              command: z.array(z.string()),
              ports: z.array(z.strictObject({ name: z.string(), containerPort: COUNT })),
              readinessProbe: z.object({ httpGet: z.strictObject({ path: z.string(), port: z.string() }) }),
            }),
          )
          .length(1),
      }),
    }),
  }),
});
const SERVICE = z.object({
  apiVersion: z.literal("v1"),
  kind: z.literal("Service"),
  metadata: z.object({ name: NAME }),
  spec: z.object({
    selector: LABELS,
    ports: z.array(z.strictObject({ name: z.string(), port: COUNT, targetPort: z.string() })).length(1),
  }),
});

function documents(name: string): unknown[] {
  const path = fileURLToPath(new URL(`../../examples/cluster/kubernetes/${name}`, import.meta.url));
  const parsed = parseAllDocuments(readFileSync(path, "utf8"));
  return parsed.map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as unknown;
  });
}

test("the manifests for Kubernetes and KEDA are what these take, and fit together", () => {
  const [scaler] = documents("scaler.yaml").map((document) => SCALED_OBJECT.parse(document));
  const [worker, service] = documents("worker.yaml");
  const deployment = DEPLOYMENT.parse(worker);
  const { metadata, spec } = SERVICE.parse(service);
  const { matchLabels } = deployment.spec.selector;
  expect(deployment.spec.template.metadata.labels).toMatchObject(matchLabels);
  expect(deployment.spec.template.metadata.labels).toMatchObject(spec.selector);
  const [container] = deployment.spec.template.spec.containers;
  const { command = [], ports, readinessProbe } = container!;
  const metricsPort = Number(command[command.indexOf("--metrics-port") + 1]);
  expect(ports).toContainEqual({ name: spec.ports[0]!.targetPort, containerPort: metricsPort });
  expect(readinessProbe.httpGet.port).toBe(spec.ports[0]!.targetPort);
  const { scaleTargetRef, minReplicaCount = 0, maxReplicaCount = 100, triggers } = scaler!.spec;
  expect(scaleTargetRef.name).toBe(deployment.metadata.name);
  // Somebody has to tell how much there is to do.
  expect(minReplicaCount).toBeGreaterThan(0);
  expect(maxReplicaCount).toBeGreaterThan(minReplicaCount);
  const { url, valueLocation } = triggers[0]!.metadata;
  expect([new URL(url).hostname, Number(new URL(url).port)]).toEqual([metadata.name, spec.ports[0]!.port]);
  expect(new URL(url).pathname).toBe("/hints");
  expect(hintsOf([])).toHaveProperty(valueLocation, 0);
});
