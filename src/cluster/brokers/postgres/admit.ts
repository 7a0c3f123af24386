import type { Admission, AdmitRequest, SharedLimit } from "../../../batching/shared-limits.ts";
import { ASK_MS, admitNumbers, LATE_MS, WAITS_MS } from "../../limits.ts";
import type { PgConnection } from "./connection.ts";

/**
 * Makes the tables of limits, and the function that lets inputs start: one statement, so that a start costs one way to the server and back. The
 * rate is a token bucket, kept as the time at which it will be full again. Times are milliseconds of the server's clock.
 */
export const ADMIT_SET_UP = `
  create table if not exists runlane.limit_rate (name text primary key, full_at float8 not null);
  create table if not exists runlane.limit_holder (
    name text, holder text, places int not null, wanted int not null,
    since float8 not null, seen float8 not null, expires float8 not null, primary key (name, holder));
  create or replace function runlane.admit(
    of_limit text, of_holder text, running int, want int, most int, interval_ms float8, tolerance_ms float8, lease_ms float8,
    out granted int, out again_ms float8) language plpgsql as $$
  declare
    moment float8; full_then float8; waits_since float8; others int; older int; tokens int; from_then float8;
  begin
    insert into runlane.limit_rate values (of_limit, 0) on conflict do nothing;
    select full_at into full_then from runlane.limit_rate where name = of_limit for update;
    moment := extract(epoch from clock_timestamp()) * 1000;
    select coalesce((
      select since from runlane.limit_holder where name = of_limit and holder = of_holder and wanted > 0), moment)
      into waits_since;
    select coalesce(sum(places), 0), count(*) filter (
        where wanted > 0 and seen > moment - ${WAITS_MS} and (since, holder) < (waits_since, of_holder))
      into others, older
      from runlane.limit_holder where name = of_limit and holder <> of_holder and expires > moment;
    granted := want;
    again_ms := lease_ms / 4;
    if most > 0 then
      granted := greatest(0, least(granted, most - others - running - older));
    end if;
    if granted < want then
      again_ms := least(again_ms, ${WAITS_MS} / 2, ${ASK_MS} * (1 + older));
    end if;
    if interval_ms > 0 and want > 0 then
      from_then := greatest(full_then, moment - least(moment - waits_since, ${LATE_MS}));
      tokens := greatest(0, floor((tolerance_ms - (from_then - moment)) / interval_ms) + 1 - older);
      granted := least(granted, tokens);
      if granted > 0 then
        full_then := from_then + granted * interval_ms;
        update runlane.limit_rate set full_at = full_then where name = of_limit;
      end if;
      if granted < want and granted = tokens then
        again_ms := least(${WAITS_MS} / 2, greatest(1, full_then - tolerance_ms - moment + older * interval_ms));
      end if;
    end if;
    if running + want = 0 then
      delete from runlane.limit_holder where name = of_limit and holder = of_holder;
      return;
    end if;
    if granted > 0 then
      waits_since := moment;
    end if;
    insert into runlane.limit_holder values (
      of_limit, of_holder, running + granted, want - granted, waits_since, moment, moment + lease_ms)
    on conflict (name, holder) do update set places = excluded.places, wanted = excluded.wanted,
      since = excluded.since, seen = excluded.seen, expires = excluded.expires;
  end $$;
`;

const ADMIT = "select * from runlane.admit($1, $2, $3, $4, $5, $6, $7, $8)";

/** See {@link LimitKeeper}. What a server that was killed forgets of it is told again by the holders. */
export async function admit(
  connection: PgConnection,
  leaseMs: number,
  limit: SharedLimit,
  request: AdmitRequest,
): Promise<Admission> {
  const { running, wanted, most, intervalMs, toleranceMs } = admitNumbers(limit, request);
  const values = [limit.name, request.holder, running, wanted, most, intervalMs, toleranceMs, leaseMs];
  const { rows } = await connection.insist(() => connection.quick.query(ADMIT, values));
  return { granted: rows[0].granted, againMs: rows[0].again_ms };
}
