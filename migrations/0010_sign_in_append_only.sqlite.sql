-- Traces are evidence: the database itself refuses to change one, or to remove one that the chain's purge does not cover.
create trigger sign_in_trace_never_changed before update on sign_in_trace
begin select raise(abort, 'sign_in_trace is append-only'); end;
create trigger sign_in_trace_removed_by_purge_only before delete on sign_in_trace
when not exists (select 1 from sign_in_trace_chain c where c.tenant_id = old.tenant_id and c.purged_number >= old.number)
begin select raise(abort, 'sign_in_trace is append-only'); end;
create trigger sign_in_trace_chain_only_grows before update on sign_in_trace_chain
when new.last_number < old.last_number or new.purged_number < old.purged_number or new.purged_number > new.last_number
begin select raise(abort, 'sign_in_trace_chain only grows'); end;
create trigger sign_in_trace_chain_never_removed before delete on sign_in_trace_chain
begin select raise(abort, 'sign_in_trace_chain only grows'); end;
