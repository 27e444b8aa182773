-- What the Comune told a person: in the personal area, and by e-mail where there is an address.
create table message (
    tenant_id bigint not null,
    id uuid not null,
    person_id uuid not null,
    kind text not null,
    subject text not null,
    body text not null,
    -- a path of the portal
    link text,
    created_at timestamptz not null,
    read_at timestamptz,
    -- pending, sent, failed, none (no address, or no mail server)
    mail_state text not null,
    mail_proof text,
    constraint message_pk primary key (tenant_id, id),
    constraint message_person_fk foreign key (tenant_id, person_id) references person (tenant_id, id),
    constraint message_mail_state_known check (mail_state in ('pending', 'sent', 'failed', 'none'))
);
create index message_by_person on message (tenant_id, person_id, created_at);
