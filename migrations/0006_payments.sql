-- The counter of notice numbers: an IUV is never used twice, not even after a cancellation.
create table iuv_counter (
    tenant_id bigint not null,
    last_number bigint not null,
    constraint iuv_counter_pk primary key (tenant_id)
);

-- What one payment notice asks of a debtor.
create table debt_position (
    tenant_id bigint not null,
    id uuid not null,
    notice_number text not null,
    iuv text not null,
    -- what asked for it: instalment:<id> or top_up:<form key>; the same origin is the same position
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
    -- the account a receipt credits
    credit_account_id uuid not null,
    created_at timestamptz not null,
    -- the live attempt to pay online, if any
    attempt_until timestamptz,
    paid_cents bigint not null,
    paid_at timestamptz,
    cancelled_at timestamptz,
    constraint debt_position_pk primary key (tenant_id, id),
    constraint debt_position_notice_unique unique (tenant_id, notice_number),
    constraint debt_position_iuv_unique unique (tenant_id, iuv),
    constraint debt_position_origin_unique unique (tenant_id, origin_key),
    constraint debt_position_amount_above_zero check (amount_cents > 0),
    constraint debt_position_kind_known check (kind in ('instalment', 'top_up')),
    constraint debt_position_state_known check (state in ('payable', 'paid', 'cancelled'))
);
create index debt_position_by_debtor on debt_position (tenant_id, debtor_id, state);
create index debt_position_by_account on debt_position (tenant_id, credit_account_id);
create index debt_position_by_pupil on debt_position (tenant_id, pupil_id, state);
create index debt_position_by_state on debt_position (tenant_id, state, due_on);

-- A visit to the Checkout with up to five notices.
create table payment_cart (
    tenant_id bigint not null,
    id uuid not null,
    person_id uuid not null,
    -- the sorted positions and amounts: the same set within ten minutes is the same cart
    set_key text not null,
    state text not null,
    total_cents bigint not null,
    redirect_url text,
    created_at timestamptz not null,
    returned_at timestamptz,
    -- what the browser said on its return: information only
    returned_outcome text,
    constraint payment_cart_pk primary key (tenant_id, id),
    constraint payment_cart_state_known check (state in ('opening', 'open', 'refused'))
);
create index payment_cart_by_person on payment_cart (tenant_id, person_id, created_at);
create index payment_cart_by_set on payment_cart (tenant_id, set_key, created_at);

create table payment_cart_position (
    tenant_id bigint not null,
    cart_id uuid not null,
    position_id uuid not null,
    amount_cents bigint not null,
    constraint payment_cart_position_pk primary key (tenant_id, cart_id, position_id),
    constraint payment_cart_position_cart_fk foreign key (tenant_id, cart_id) references payment_cart (tenant_id, id),
    constraint payment_cart_position_position_fk foreign key (tenant_id, position_id) references debt_position (tenant_id, id)
);
create index payment_cart_position_by_position on payment_cart_position (tenant_id, position_id);

-- Receipts as the node sent them. Legal evidence: never changed, never removed.
create table payment_receipt (
    tenant_id bigint not null,
    id uuid not null,
    -- the node's receiptId: a second delivery of the same one changes nothing
    receipt_id text not null,
    notice_number text not null,
    iuv text not null,
    -- null: no position of ours has this number
    position_id uuid,
    -- applied, or the work list it stands on
    outcome text not null,
    amount_cents bigint not null,
    paid_at timestamptz,
    application_on date,
    received_at timestamptz not null,
    psp_id text not null,
    psp_name text not null,
    channel_description text not null,
    payment_method text,
    payer_code text,
    payer_name text,
    fee_cents bigint,
    stand_in boolean not null,
    raw_xml text not null,
    posting_id uuid,
    constraint payment_receipt_pk primary key (tenant_id, id),
    constraint payment_receipt_receipt_id_unique unique (tenant_id, receipt_id),
    constraint payment_receipt_outcome_known
        check (outcome in ('applied', 'amount_differs', 'double_payment', 'after_cancellation', 'unmatched'))
);
create index payment_receipt_by_position on payment_receipt (tenant_id, position_id);
create index payment_receipt_by_outcome on payment_receipt (tenant_id, outcome, received_at);
