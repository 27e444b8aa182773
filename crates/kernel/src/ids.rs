use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A Comune, or another body, on this installation. First in every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(pub i64);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> $name {
                $name(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<$name, uuid::Error> {
                text.parse().map($name)
            }
        }
    )+};
}

ids! {
    /// A natural or legal person: a parent, a helper, a business.
    PersonId,
    PupilId,
    GuardianshipId,
    SchoolSiteId,
    ClassGroupId,
    /// An enrolment of a pupil in a service for a school year.
    EnrolmentId,
    ServiceId,
    BadgeId,
    AttachmentId,
    DietId,
    MenuDayId,
    DishId,
    AbsenceReportId,
    AttendanceId,
    AccountId,
    PostingId,
    TariffPlanId,
    TariffRuleId,
    DocumentId,
    InstalmentId,
    /// A debt position: what one payment notice asks.
    PositionId,
    CartId,
    /// A cause of the catalogue of spontaneous payments.
    CauseId,
    /// Our id of a stored receipt; the node's own is its `receipt_id` text.
    ReceiptId,
    /// Our id of a settlement report; the provider's own is its flow id and revision.
    SettlementReportId,
    /// A line of the treasurer's cash journal.
    TreasuryEntryId,
    SessionId,
    /// One of the Comune's staff.
    OperatorId,
    /// An account with a password, of a business or of staff.
    CredentialId,
    SignInRequestId,
    JobId,
    MessageId,
}
