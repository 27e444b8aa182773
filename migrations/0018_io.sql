-- Messages in app IO. A tenant without a row sends none; its address and key stand in tenant_pagopa_service.
create table tenant_io (
    tenant_id bigint not null,
    -- the service as the IO back office names it
    service_id text not null,
    -- how many days before a due date it is called to mind; 0: never
    remind_days integer not null,
    -- notices from before are not told
    since timestamptz not null,
    constraint tenant_io_pk primary key (tenant_id),
    constraint tenant_io_tenant_fk foreign key (tenant_id) references tenant (id),
    constraint tenant_io_remind_days_small check (remind_days between 0 and 60)
);

-- What is to be told in app IO, and what became of it. The words are made when it is sent, of what is due then.
create table io_message (
    tenant_id bigint not null,
    -- the message of the personal area that says the same
    message_id uuid not null,
    -- what is told: notice:<position>, reminder:<position>:<due day>, receipt:<receipt>; told once
    key text not null,
    kind text not null,
    position_id uuid not null,
    receipt_id uuid,
    -- of a reminder: the day it calls to mind
    due_on date,
    state text not null,
    attempts bigint not null,
    created_at timestamptz not null,
    -- not before this moment: after a failure, or while a worker is at it
    next_try_at timestamptz not null,
    -- the last call: the service takes so many in five seconds
    called_at timestamptz,
    ended_at timestamptz,
    -- the service's own id of the message
    io_id text,
    -- why it was not sent, in the service's words
    answer text,
    constraint io_message_pk primary key (tenant_id, message_id),
    constraint io_message_key_unique unique (tenant_id, key),
    constraint io_message_position_fk foreign key (tenant_id, position_id) references debt_position (tenant_id, id),
    constraint io_message_kind_known check (kind in ('notice', 'reminder', 'receipt')),
    -- not_wanted: the person has no app IO or takes no messages of this service; overtaken: paid or cancelled meanwhile
    constraint io_message_state_known check (state in ('waiting', 'sent', 'not_wanted', 'refused', 'overtaken'))
);
create index io_message_waiting on io_message (tenant_id, next_try_at) where state = 'waiting';
create index io_message_by_position on io_message (tenant_id, position_id, kind);
create index io_message_by_call on io_message (tenant_id, called_at);
