-- One state and one kind of debt positions more. A check cannot be changed on both engines, so the table is made anew
-- around its rows; payment_cart_position refers to it and goes the same way.
create table debt_position_kept as select * from debt_position;
create table payment_cart_position_kept as select * from payment_cart_position;
drop table payment_cart_position;
drop table debt_position;

create table debt_position (
    tenant_id bigint not null,
    id uuid not null,
    notice_number text not null,
    iuv text not null,
    -- what asked for it: instalment:<id>, document:<id> or top_up:<form key>; the same origin is the same position
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
    constraint debt_position_kind_known check (kind in ('instalment', 'whole', 'top_up')),
    constraint debt_position_state_known check (state in ('payable', 'paid', 'closed', 'cancelled'))
);
insert into debt_position (tenant_id, id, notice_number, iuv, origin_key, kind, state, amount_cents, due_on, description, taxonomy_code,
    pupil_id, debtor_id, debtor_code, debtor_name, credit_account_id, created_at, attempt_until, paid_cents, paid_at, cancelled_at)
select tenant_id, id, notice_number, iuv, origin_key, kind, state, amount_cents, due_on, description, taxonomy_code,
    pupil_id, debtor_id, debtor_code, debtor_name, credit_account_id, created_at, attempt_until, paid_cents, paid_at, cancelled_at
from debt_position_kept;
drop table debt_position_kept;
create index debt_position_by_debtor on debt_position (tenant_id, debtor_id, state);
create index debt_position_by_account on debt_position (tenant_id, credit_account_id);
create index debt_position_by_pupil on debt_position (tenant_id, pupil_id, state);
create index debt_position_by_state on debt_position (tenant_id, state, due_on);
create index debt_position_by_choice on debt_position (tenant_id, choice_key) where choice_key is not null;

create table payment_cart_position (
    tenant_id bigint not null,
    cart_id uuid not null,
    position_id uuid not null,
    amount_cents bigint not null,
    constraint payment_cart_position_pk primary key (tenant_id, cart_id, position_id),
    constraint payment_cart_position_cart_fk foreign key (tenant_id, cart_id) references payment_cart (tenant_id, id),
    constraint payment_cart_position_position_fk foreign key (tenant_id, position_id) references debt_position (tenant_id, id)
);
insert into payment_cart_position (tenant_id, cart_id, position_id, amount_cents)
select tenant_id, cart_id, position_id, amount_cents from payment_cart_position_kept;
drop table payment_cart_position_kept;
create index payment_cart_position_by_position on payment_cart_position (tenant_id, position_id);

-- the notice that asks for a whole document, beside those of its instalments
alter table billing_document add column whole_position_id uuid;
create index billing_document_by_whole on billing_document (tenant_id, whole_position_id) where whole_position_id is not null;

-- how a receipt came: sent by the node, fetched later, or known only from a settlement report (and then without its XML)
alter table payment_receipt add column source text not null default 'node';

-- What the office did about a receipt that stood on a work list. Added, never changed.
create table receipt_resolution (
    tenant_id bigint not null,
    receipt_id uuid not null,
    kind text not null,
    -- the position a receipt was matched with
    position_id uuid,
    -- the money this was about: matched, or given back
    amount_cents bigint not null,
    -- the day the treasurer paid it back
    paid_on date,
    reason text not null,
    actor text not null,
    at timestamptz not null,
    posting_id uuid not null,
    constraint receipt_resolution_pk primary key (tenant_id, receipt_id, kind),
    constraint receipt_resolution_receipt_fk foreign key (tenant_id, receipt_id) references payment_receipt (tenant_id, id),
    constraint receipt_resolution_kind_known check (kind in ('matched', 'refunded'))
);

-- Through which gateway pagoPA knows a tenant's positions; a tenant without a row tells nobody.
create table tenant_gateway (
    tenant_id bigint not null,
    -- synchronous: we answer the node and push to ACA; gpd: pagoPA answers for us
    kind text not null,
    constraint tenant_gateway_pk primary key (tenant_id),
    constraint tenant_gateway_tenant_fk foreign key (tenant_id) references tenant (id),
    constraint tenant_gateway_kind_known check (kind in ('synchronous', 'gpd'))
);

-- Where and with which key each service of the platform is called for a tenant.
create table tenant_pagopa_service (
    tenant_id bigint not null,
    service text not null,
    base_url text not null,
    key_sealed bytea,
    constraint tenant_pagopa_service_pk primary key (tenant_id, service),
    constraint tenant_pagopa_service_tenant_fk foreign key (tenant_id) references tenant (id),
    constraint tenant_pagopa_service_known check (service in ('aca', 'gpd', 'fdr', 'receipts', 'io'))
);

-- What the platform's archive is to know of a position. A row whose version is above the pushed one waits to be told;
-- what is told is always the position as it is then, so an older state never overtakes a newer one.
create table position_push (
    tenant_id bigint not null,
    position_id uuid not null,
    -- counts the changes
    version bigint not null,
    pushed_version bigint not null,
    attempts bigint not null,
    -- not before this moment: after a failure, or while a worker is at it
    next_try_at timestamptz not null,
    -- the last call: the platform takes so many in ten seconds from one installation
    called_at timestamptz,
    -- in the platform's words
    refusal text,
    constraint position_push_pk primary key (tenant_id, position_id),
    constraint position_push_position_fk foreign key (tenant_id, position_id) references debt_position (tenant_id, id)
);
create index position_push_waiting on position_push (tenant_id, next_try_at) where version > pushed_version;
create index position_push_by_call on position_push (called_at);

-- Money of a receipt for this tenant, by transfer. Its state only goes forward: paid, reported, settled.
create table payment_transfer (
    tenant_id bigint not null,
    receipt_id uuid not null,
    transfer_index integer not null,
    amount_cents bigint not null,
    paid_on date not null,
    state text not null,
    report_id uuid,
    constraint payment_transfer_pk primary key (tenant_id, receipt_id, transfer_index),
    constraint payment_transfer_receipt_fk foreign key (tenant_id, receipt_id) references payment_receipt (tenant_id, id),
    constraint payment_transfer_state_known check (state in ('paid', 'reported', 'settled'))
);
create index payment_transfer_by_state on payment_transfer (tenant_id, state, paid_on);
create index payment_transfer_by_report on payment_transfer (tenant_id, report_id);
-- Settlement reports (flussi di rendicontazione): what a provider says it paid with one bank transfer.
create table settlement_report (
    tenant_id bigint not null,
    id uuid not null,
    -- idFlusso, as the bank transfer names it after /URI/
    flow_id text not null,
    revision bigint not null,
    psp_id text not null,
    psp_name text not null,
    -- the bank transfer's own number (TRN)
    regulation_id text not null,
    regulation_on date not null,
    flow_at timestamptz not null,
    payments bigint not null,
    total_cents bigint not null,
    -- file or rest
    source text not null,
    imported_at timestamptz not null,
    -- a higher revision came: this one is history
    replaced_by uuid,
    -- when the treasurer's journal showed the whole transfer
    settled_on date,
    constraint settlement_report_pk primary key (tenant_id, id),
    constraint settlement_report_revision_unique unique (tenant_id, flow_id, revision)
);
create index settlement_report_by_day on settlement_report (tenant_id, regulation_on);

create table settlement_row (
    tenant_id bigint not null,
    report_id uuid not null,
    number integer not null,
    iuv text not null,
    -- the receipt's receiptId
    iur text not null,
    transfer_index integer not null,
    amount_cents bigint not null,
    -- 0 executed, 3 revoked, 4 stand-in, 8 stand-in without RPT, 9 without RPT; open, for the platform adds some
    outcome integer not null,
    paid_on date not null,
    constraint settlement_row_pk primary key (tenant_id, report_id, number),
    constraint settlement_row_report_fk foreign key (tenant_id, report_id) references settlement_report (tenant_id, id)
);
create index settlement_row_by_receipt on settlement_row (tenant_id, iur, transfer_index);

-- Money in as the treasurer's cash journal (giornale di cassa) tells it.
create table treasury_entry (
    tenant_id bigint not null,
    id uuid not null,
    -- year and number of the provisional entry, or the bank's own reference
    external_key text not null,
    booked_on date not null,
    amount_cents bigint not null,
    payer text not null,
    reason text not null,
    -- what stands after /URI/ in the reason
    flow_id text,
    imported_at timestamptz not null,
    constraint treasury_entry_pk primary key (tenant_id, id),
    constraint treasury_entry_key_unique unique (tenant_id, external_key)
);
create index treasury_entry_by_flow on treasury_entry (tenant_id, flow_id);

-- Receipts asked of the platform after they did not come: it wants few calls.
create table receipt_fetch (
    tenant_id bigint not null,
    id uuid not null,
    iur text not null,
    iuv text not null,
    at timestamptz not null,
    -- found, missing or failed; null while it is asked
    outcome text,
    constraint receipt_fetch_pk primary key (tenant_id, id)
);
create index receipt_fetch_by_time on receipt_fetch (tenant_id, at);
create index receipt_fetch_by_receipt on receipt_fetch (tenant_id, iur, at);
