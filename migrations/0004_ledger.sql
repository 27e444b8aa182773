-- Accounts of the double-entry ledger. Amounts are signed from the point of view of who holds the account:
-- above zero the Comune owes (a wallet with credit, money to refund), below zero it is owed (a receivable).
create table ledger_account (
    tenant_id bigint not null,
    id uuid not null,
    kind text not null,
    -- what the account is of: a badge, an instalment, a service; unique within its kind
    subject text not null,
    -- the sum of the account's entries and how many they are: the two columns of the ledger that change
    balance_cents bigint not null,
    entry_count bigint not null,
    opened_at timestamptz not null,
    constraint ledger_account_pk primary key (tenant_id, id),
    constraint ledger_account_subject_unique unique (tenant_id, kind, subject),
    constraint ledger_account_kind_known
        check (kind in ('wallet', 'receivable', 'revenue', 'clearing', 'suspense', 'refund', 'opening'))
);

-- The last link of a tenant's chain of postings.
create table ledger_chain (
    tenant_id bigint not null,
    last_number bigint not null,
    last_hash bytea not null,
    constraint ledger_chain_pk primary key (tenant_id)
);

-- A posting moves money between accounts: its entries sum to zero. Never changed, never removed.
create table ledger_posting (
    tenant_id bigint not null,
    -- 1, 2, 3 ... without gaps: the order of the chain
    number bigint not null,
    -- what links and pages call it by: numbers would tell how much a Comune posts
    id uuid not null,
    -- what caused it, such as receipt:<id> or meal:<pupil>:<service>:<day>: the same cause is posted once
    source_key text not null,
    -- hash of what was asked, so that another request under the same key is told apart from a repetition
    input_hash bytea not null,
    cause text not null,
    description text not null,
    actor text not null,
    effective_on date not null,
    posted_at timestamptz not null,
    previous_hash bytea not null,
    hash bytea not null,
    constraint ledger_posting_pk primary key (tenant_id, number),
    constraint ledger_posting_id_unique unique (tenant_id, id),
    constraint ledger_posting_source_unique unique (tenant_id, source_key)
);

create table ledger_entry (
    tenant_id bigint not null,
    account_id uuid not null,
    -- the how-manieth entry of its account this is
    number bigint not null,
    posting_number bigint not null,
    amount_cents bigint not null,
    balance_after_cents bigint not null,
    -- the posting's, repeated here for statements between two days
    effective_on date not null,
    constraint ledger_entry_pk primary key (tenant_id, account_id, number),
    constraint ledger_entry_posting_fk foreign key (tenant_id, posting_number) references ledger_posting (tenant_id, number),
    constraint ledger_entry_account_fk foreign key (tenant_id, account_id) references ledger_account (tenant_id, id)
);
create index ledger_entry_by_posting on ledger_entry (tenant_id, posting_number);
create index ledger_entry_by_day on ledger_entry (tenant_id, account_id, effective_on, number);
