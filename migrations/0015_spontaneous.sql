-- The catalogue of spontaneous payments (pagamenti spontanei): what a payer may ask a notice for without a document.
create table spontaneous_cause (
    tenant_id bigint not null,
    id uuid not null,
    code text not null,
    name text not null,
    description text not null,
    taxonomy_code text not null,
    -- the same where the amount is fixed
    min_cents bigint not null,
    max_cents bigint not null,
    -- whether it is for a pupil one may pay for, or for oneself
    for_pupil boolean not null,
    -- 1: one only, and nobody is asked how many
    most_pieces integer not null,
    -- both included; without a last day it stays open
    open_from date not null,
    open_to date,
    -- how many days a notice that is not paid waits before it is withdrawn
    valid_days integer not null,
    -- of the revenue account that a payment credits
    revenue_subject text not null,
    constraint spontaneous_cause_pk primary key (tenant_id, id),
    constraint spontaneous_cause_code_unique unique (tenant_id, code),
    constraint spontaneous_cause_amounts check (min_cents > 0 and max_cents >= min_cents),
    constraint spontaneous_cause_pieces check (most_pieces >= 1 and (most_pieces = 1 or min_cents = max_cents)),
    constraint spontaneous_cause_valid check (valid_days >= 1)
);

-- What was chosen of it, beside its debt position.
create table spontaneous_payment (
    tenant_id bigint not null,
    position_id uuid not null,
    cause_id uuid not null,
    pieces integer not null,
    constraint spontaneous_payment_pk primary key (tenant_id, position_id),
    constraint spontaneous_payment_cause_fk foreign key (tenant_id, cause_id) references spontaneous_cause (tenant_id, id),
    constraint spontaneous_payment_position_fk foreign key (tenant_id, position_id) references debt_position (tenant_id, id)
);
create index spontaneous_payment_by_cause on spontaneous_payment (tenant_id, cause_id);
