-- One kind of debt positions more: what its payer asked for. A check cannot be changed here, so the table is made anew
-- around its rows; what refers to them is looked at when all of them are back.
pragma defer_foreign_keys = on;
create table debt_position_kept as select * from debt_position;
drop table debt_position;

create table debt_position (
    tenant_id bigint not null,
    id uuid not null,
    notice_number text not null,
    iuv text not null,
    -- what asked for it: instalment:<id>, document:<id>, top_up:<form key> or spontaneous:<form key>; the same origin is
    -- the same position
    origin_key text not null,
    kind text not null,
    state text not null,
    amount_cents bigint not null,
    -- null: no due date
    due_on date,
    -- shown to payers everywhere: never the name of a minor
    description text not null,
    taxonomy_code text not null,
    pupil_id uuid,
    debtor_id uuid not null,
    -- as they were at publication
    debtor_code text not null,
    debtor_name text not null,
    -- the account a receipt credits; of a whole, the first of its parts': its money is spread over theirs
    credit_account_id uuid not null,
    created_at timestamptz not null,
    -- the live attempt to pay online, if any
    attempt_until timestamptz,
    paid_cents bigint not null,
    paid_at timestamptz,
    cancelled_at timestamptz,
    -- positions with the same key ask for one debt: one for the whole of it, the others for its parts
    choice_key text,
    -- the position whose payment closed this one
    closed_by uuid,
    constraint debt_position_pk primary key (tenant_id, id),
    constraint debt_position_notice_unique unique (tenant_id, notice_number),
    constraint debt_position_iuv_unique unique (tenant_id, iuv),
    constraint debt_position_origin_unique unique (tenant_id, origin_key),
    constraint debt_position_amount_above_zero check (amount_cents > 0),
    constraint debt_position_kind_known check (kind in ('instalment', 'whole', 'top_up', 'spontaneous')),
    constraint debt_position_state_known check (state in ('payable', 'paid', 'closed', 'cancelled'))
);
insert into debt_position (tenant_id, id, notice_number, iuv, origin_key, kind, state, amount_cents, due_on, description, taxonomy_code, pupil_id,
    debtor_id, debtor_code, debtor_name, credit_account_id, created_at, attempt_until, paid_cents, paid_at, cancelled_at,
    choice_key, closed_by)
select tenant_id, id, notice_number, iuv, origin_key, kind, state, amount_cents, due_on, description, taxonomy_code, pupil_id,
    debtor_id, debtor_code, debtor_name, credit_account_id, created_at, attempt_until, paid_cents, paid_at, cancelled_at,
    choice_key, closed_by
from debt_position_kept;
drop table debt_position_kept;
create index debt_position_by_debtor on debt_position (tenant_id, debtor_id, state);
create index debt_position_by_account on debt_position (tenant_id, credit_account_id);
create index debt_position_by_pupil on debt_position (tenant_id, pupil_id, state);
create index debt_position_by_state on debt_position (tenant_id, state, due_on);
create index debt_position_by_choice on debt_position (tenant_id, choice_key) where choice_key is not null;
