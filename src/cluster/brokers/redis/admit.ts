import type { Redis } from "ioredis";
import type { Admission, AdmitRequest, SharedLimit } from "../../../batching/shared-limits.ts";
import { ASK_MS, admitNumbers, LATE_MS, WAITS_MS } from "../../limits.ts";
import { keys } from "./keys.ts";

/**
 * Lets inputs of a holder start. The limit is a hash: a field for each holder, and one for the rate, a token bucket that is kept as the time at
 * which it will be full again. Times are milliseconds of the server's clock.
 */
const ADMIT = `
  local me, running, want, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
  local interval, tolerance, lease = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
  local time = redis.call("TIME")
  local moment = time[1] * 1000 + math.floor(time[2] / 1000)
  local full, since, holders = 0, moment, {}
  local all = redis.call("HGETALL", KEYS[1])
  for at = 1, #all, 2 do
    if all[at] == "" then
      full = tonumber(all[at + 1])
    else
      local places, wanted, waits, seen, expires = string.match(all[at + 1], "(%S+) (%S+) (%S+) (%S+) (%S+)")
      local holder = { name = all[at], places = tonumber(places), wanted = tonumber(wanted), since = tonumber(waits), seen = tonumber(seen) }
      if all[at] == me then
        if holder.wanted > 0 then since = holder.since end
      elseif tonumber(expires) > moment then
        table.insert(holders, holder)
      else
        redis.call("HDEL", KEYS[1], all[at])
      end
    end
  end
  local others, older = 0, 0
  for _, holder in ipairs(holders) do
    others = others + holder.places
    local isOlder = holder.since < since or (holder.since == since and holder.name < me)
    if holder.wanted > 0 and holder.seen > moment - ${WAITS_MS} and isOlder then older = older + 1 end
  end
  local granted, again = want, lease / 4
  if most > 0 then granted = math.max(0, math.min(granted, most - others - running - older)) end
  if granted < want then again = math.min(again, ${WAITS_MS} / 2, ${ASK_MS} * (1 + older)) end
  if interval > 0 and want > 0 then
    local from = math.max(full, moment - math.min(moment - since, ${LATE_MS}))
    local tokens = math.max(0, math.floor((tolerance - (from - moment)) / interval) + 1 - older)
    granted = math.min(granted, tokens)
    if granted > 0 then
      full = from + granted * interval
      redis.call("HSET", KEYS[1], "", string.format("%.3f", full))
    end
    if granted < want and granted == tokens then
      again = math.min(${WAITS_MS} / 2, math.max(1, full - tolerance - moment + older * interval))
    end
  end
  if running + want == 0 then
    redis.call("HDEL", KEYS[1], me)
  else
    if granted > 0 then since = moment end
    local state = string.format("%d %d %.0f %.0f %.0f", running + granted, want - granted, since, moment, moment + lease)
    redis.call("HSET", KEYS[1], me, state)
  end
  redis.call("PEXPIRE", KEYS[1], math.ceil(math.max(lease, full - moment) + lease))
  return { granted, math.ceil(again) }`;

/** See {@link LimitKeeper}. */
export async function admit(
  redis: Redis,
  leaseMs: number,
  limit: SharedLimit,
  request: AdmitRequest,
): Promise<Admission> {
  const { running, wanted, most, intervalMs, toleranceMs } = admitNumbers(limit, request);
  const args = [request.holder, running, wanted, most, intervalMs, toleranceMs, leaseMs];
  const [granted, againMs] = (await redis.eval(ADMIT, 1, keys.limit(limit.name), ...args)) as [number, number];
  return { granted, againMs };
}
