-- A sign-in by national services card under way: begun by the portal in one browser, answered by the card's own listener.
create table cns_sign_in (
    tenant_id bigint not null,
    -- SHA-256 of the word that goes with the browser to the card's listener, which has another host name and other cookies
    handle_hash bytea not null,
    -- SHA-256 of the cookie that binds the sign-in to one browser
    browser_hash bytea not null,
    return_path text not null,
    expires_at timestamptz not null,
    -- once a card was accepted: SHA-256 of the one-time ticket that goes back to the portal, and until when it opens a session
    ticket_hash bytea,
    ticket_expires_at timestamptz,
    -- what the certificate says (JSON); gone with the row, which is removed when the ticket is spent
    card text,
    constraint cns_sign_in_pk primary key (handle_hash),
    constraint cns_sign_in_ticket_unique unique (ticket_hash)
);
create index cns_sign_in_by_expiry on cns_sign_in (expires_at);
