-- Who did what: rows are added, never changed, never removed.
create table audit_event (
    tenant_id bigint not null,
    id uuid not null,
    at timestamptz not null,
    actor text not null,
    what text not null,
    subject text not null,
    details text not null,
    request_id uuid not null,
    constraint audit_event_pk primary key (tenant_id, id)
);
create index audit_event_by_subject on audit_event (tenant_id, subject, at);

-- Work that follows a commit; written in the same transaction.
create table job (
    tenant_id bigint not null,
    id uuid not null,
    kind text not null,
    -- while a job with this key waits, another is not added
    key text,
    body text not null,
    state text not null,
    attempts integer not null,
    -- when it is due; while it runs, when its worker's lease ends
    run_after timestamptz not null,
    created_at timestamptz not null,
    ended_at timestamptz,
    last_error text,
    constraint job_pk primary key (tenant_id, id),
    constraint job_state_known check (state in ('waiting', 'running', 'done', 'dead'))
);
create unique index job_waits_once on job (tenant_id, kind, key) where state = 'waiting';
-- only what may still run: the claim's walk does not grow with what is done
create index job_by_turn on job (run_after, id) where state in ('waiting', 'running');
