-- Postings and entries are evidence: the database itself refuses to change or remove one.
create trigger ledger_posting_never_changed before update on ledger_posting
begin select raise(abort, 'ledger_posting is append-only'); end;
create trigger ledger_posting_never_removed before delete on ledger_posting
begin select raise(abort, 'ledger_posting is append-only'); end;
create trigger ledger_entry_never_changed before update on ledger_entry
begin select raise(abort, 'ledger_entry is append-only'); end;
create trigger ledger_entry_never_removed before delete on ledger_entry
begin select raise(abort, 'ledger_entry is append-only'); end;
