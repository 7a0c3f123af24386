import { ADMIT_SET_UP } from "./admit.ts";

/** The schema of pg-boss' own tables. */
export const JOBS_SCHEMA = "runlane_jobs";

/** The channel on which brokers tell each other that there is something new. */
export const CHANNEL = "runlane";

/** The messages on {@link CHANNEL}. */
export const news = {
  /** The message that chunks were added to a queue. */
  queue: (queue: string) => `q:${queue}`,
  /** The message that a run has outcomes, or was cancelled. */
  run: (run: string) => `r:${run}`,
} as const;

/** The number of the lock that brokers take to set up the schema: any number. */
export const LOCK = 7_236_514_903;

/**
 * Bodies are `bytea`: `jsonb` and `text` refuse or change some strings. They are stored as they are, because compressing them would
 * cost more than the disk they take for the seconds that they are there.
 */
export const SET_UP = `
  create schema if not exists runlane;
  create table if not exists runlane.run (
    id text primary key, queue text not null, about text not null, started timestamptz not null default now());
  create table if not exists runlane.chunk (
    run text, id text, body bytea not null, primary key (run, id));
  alter table runlane.chunk alter column body set storage external;
  create table if not exists runlane.outcome (
    run text, id text, part int, parts int not null, body bytea not null, primary key (run, id, part));
  alter table runlane.outcome alter column body set storage external;
  create table if not exists runlane.cancelled (
    run text, chunk text, at timestamptz not null default now(), primary key (run, chunk));
  create table if not exists runlane.worker (
    id text primary key, queue text not null, host text not null, pid int not null,
    concurrency int not null, running int not null, seen timestamptz not null default now());
  alter table runlane.worker add column if not exists chunk_ms real;
  ${ADMIT_SET_UP}
`;

/** Asks whether all tables are there already: then no right to create anything is needed. */
export const IS_SET_UP = `
  select to_regclass('runlane.limit_holder') is not null as there`;

/** Adds chunks, and says so. */
export const PUT_CHUNKS = `
  with put as (
    insert into runlane.chunk (run, id, body)
    select $1, * from unnest($2::text[], $3::bytea[]) on conflict do nothing)
  select pg_notify($4, $5)`;

/** Writes something that nobody reads, and waits until it and all before it are on the disk. */
export const FLUSH = `
  begin; set local synchronous_commit = on; select pg_logical_emit_message(true, 'runlane', ''); commit`;

/** Around the statement that takes jobs: gives the bodies of their chunks as well. */
export const withBodies = (take: string): string => `
  with taken as (${take})
  select taken.*, chunk.body from taken
  left join runlane.chunk on chunk.run = taken.data ->> 'run' and chunk.id = taken.data ->> 'id'`;

/** Selects outcomes that have not been told, up to some megabytes at a time, but at least one. */
export const NEW_OUTCOMES = `
  select id, part, parts, body from (
    select *, sum(octet_length(body)) over (order by id, part) - octet_length(body) as before
    from runlane.outcome where run = $1 and not (id || '/' || part) = any($2::text[])
    order by id, part limit 500) as found
  where before < 8388608`;

/**
 * Adds an outcome, and says so. A chunk that has been settled, or whose run is over, has none any more, and so has an attempt that did not complete
 * its job, because it was given up.
 */
export const PUT_OUTCOME = `
  with put as (
    insert into runlane.outcome (run, id, part, parts, body)
    select $1, $2, part - 1, cardinality($3::bytea[]), body
    from unnest($3::bytea[]) with ordinality as parts (body, part)
    where exists (select 1 from runlane.chunk where run = $1 and id = $2)
    and exists (
      select 1 from ${JOBS_SCHEMA}.job where name = $6 and id = $7 and retry_count = $8 and state = 'completed')
    on conflict do nothing)
  select pg_notify($4, $5)`;

export const RUN_STATES = `
  select run.id, run.queue, run.about, to_char(run.started at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as started,
    exists (select 1 from runlane.cancelled where run = run.id and chunk = '') as cancelled,
    (select count(*)::int from runlane.chunk where chunk.run = run.id) as chunks,
    (select count(distinct outcome.id)::int from runlane.outcome where outcome.run = run.id) as finished
  from runlane.run order by run.started`;

/** A worker tells of itself every few seconds. */
export const WORKER_STATES = `
  select queue, host, pid, concurrency, running, chunk_ms as "chunkMs" from runlane.worker where seen > now() - interval '20 seconds' order by host, pid`;

export const PUT_WORKER = `
  insert into runlane.worker (id, queue, host, pid, concurrency, running, chunk_ms) values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (id) do update set running = excluded.running, chunk_ms = excluded.chunk_ms, seen = now()`;

/** Deletes rows of workers that ended without a word, and marks that everybody has seen. */
export const CLEAN_UP = `
  delete from runlane.worker where seen < now() - interval '1 hour';
  delete from runlane.cancelled where at < now() - interval '2 days';
  delete from runlane.limit_holder where expires < extract(epoch from now() - interval '1 hour') * 1000`;
