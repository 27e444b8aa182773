-- Documents as parents see them (documenti contabili).
create table billing_document (
    tenant_id bigint not null,
    id uuid not null,
    external_key text,
    series text not null,
    number text not null,
    issued_on date not null,
    school_year integer not null,
    description text not null,
    holder_id uuid not null,
    pupil_id uuid,
    service_id uuid not null,
    total_cents bigint not null,
    state text not null,
    -- sent to enforcement (messa a ruolo): not to be paid here any more
    enforced_on date,
    constraint billing_document_pk primary key (tenant_id, id),
    constraint billing_document_number_unique unique (tenant_id, series, number),
    constraint billing_document_external_key_unique unique (tenant_id, external_key),
    constraint billing_document_holder_fk foreign key (tenant_id, holder_id) references person (tenant_id, id),
    constraint billing_document_pupil_fk foreign key (tenant_id, pupil_id) references pupil (tenant_id, id),
    constraint billing_document_service_fk foreign key (tenant_id, service_id) references service (tenant_id, id),
    constraint billing_document_state_known check (state in ('issued', 'cancelled'))
);
create index billing_document_by_holder on billing_document (tenant_id, holder_id, issued_on);
create index billing_document_by_pupil on billing_document (tenant_id, pupil_id, issued_on);

create table billing_line (
    tenant_id bigint not null,
    document_id uuid not null,
    position integer not null,
    description text not null,
    quantity integer not null,
    unit_cents bigint not null,
    amount_cents bigint not null,
    constraint billing_line_pk primary key (tenant_id, document_id, position),
    constraint billing_line_document_fk foreign key (tenant_id, document_id) references billing_document (tenant_id, id)
);

-- A part of a document with its own due date and debt position.
create table instalment (
    tenant_id bigint not null,
    id uuid not null,
    document_id uuid not null,
    number integer not null,
    due_on date not null,
    amount_cents bigint not null,
    -- what was paid before this system kept the money, or outside pagoPA; the rest is asked by the position
    paid_elsewhere_cents bigint not null,
    paid_elsewhere_on date,
    paid_elsewhere_by text,
    -- null where nothing was left to ask, or no notice may ask it
    position_id uuid,
    receivable_account_id uuid not null,
    constraint instalment_pk primary key (tenant_id, id),
    constraint instalment_number_unique unique (tenant_id, document_id, number),
    constraint instalment_document_fk foreign key (tenant_id, document_id) references billing_document (tenant_id, id)
);
create index instalment_by_position on instalment (tenant_id, position_id);

-- The prepaid credit of a badge: which account of the ledger keeps it.
create table wallet (
    tenant_id bigint not null,
    badge_id uuid not null,
    account_id uuid not null,
    constraint wallet_pk primary key (tenant_id, badge_id),
    constraint wallet_account_unique unique (tenant_id, account_id),
    constraint wallet_badge_fk foreign key (tenant_id, badge_id) references badge (tenant_id, id)
);

-- How a price came about. Most meals of a pupil share one: the id is made of the text.
create table charge_trace (
    tenant_id bigint not null,
    id uuid not null,
    -- a line per step, as parents read it
    lines text not null,
    -- the steps as the tariffs crate wrote them (JSON); null where an earlier system priced the meal
    rating text,
    constraint charge_trace_pk primary key (tenant_id, id)
);

-- What a day at the canteen cost: one row per meal, with how the price came about.
create table meal_charge (
    tenant_id bigint not null,
    pupil_id uuid not null,
    service_id uuid not null,
    day date not null,
    amount_cents bigint not null,
    -- charged on a badge's wallet (prepaid) or in a document (postpaid); both null until the document is made
    badge_id uuid,
    document_id uuid,
    -- null where the meal was free
    posting_id uuid,
    trace_id uuid not null,
    charged_at timestamptz not null,
    constraint meal_charge_pk primary key (tenant_id, pupil_id, service_id, day),
    constraint meal_charge_trace_fk foreign key (tenant_id, trace_id) references charge_trace (tenant_id, id)
);
create index meal_charge_by_document on meal_charge (tenant_id, document_id);
create index meal_charge_by_posting on meal_charge (tenant_id, posting_id);

-- Days whose meals have been charged. A day may be closed again: only meals without a charge are charged then.
create table closed_day (
    tenant_id bigint not null,
    service_id uuid not null,
    day date not null,
    closed_at timestamptz not null,
    meals bigint not null,
    total_cents bigint not null,
    constraint closed_day_pk primary key (tenant_id, service_id, day)
);
