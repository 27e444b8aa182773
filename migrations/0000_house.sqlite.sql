create trigger audit_event_is_not_changed before update on audit_event begin select raise(abort, 'audit_event is append-only'); end;
create trigger audit_event_is_not_removed before delete on audit_event begin select raise(abort, 'audit_event is append-only'); end;
