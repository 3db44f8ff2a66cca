//! How many dossiers of each sort: the figures of the department's half-year, broken down until every one has a life.
//!
//! Reading B of the article: (3) 428 = (4) 314 + (5) 67 + (6) 47; (7) 411 = (8) 360 + (9) 51 + (10) 0; (11) 17. How the 47
//! carried over came is an assumption: in proportion to 353 and 75, so 39 online and 8 direct or postal. What is finer
//! than these figures is invented.

use super::life::{Wait, Way};

/// When a dossier is accepted and when it may end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// Accepted and ended in the half-year before, so that its report is not empty.
    Before,
    /// Accepted in the half-year before and ended in this one.
    CarriedOver,
    /// Accepted in this half-year.
    InPeriod,
}

/// Where its life leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// Ended before its due day.
    Early,
    /// Ended on its due day.
    OnTime,
    /// Resolved and delivered in the call that accepts it.
    AtOnce,
    /// Taken back after acceptance: counts as on time.
    Withdrawn,
    /// Still pending on the last day, and within its time.
    Pending(Wait),
}

/// What is particular about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Quirk {
    /// Nothing.
    Plain,
    /// Something was missing before acceptance.
    IntakeSupplement,
    /// Something was missing after acceptance: the time limit starts anew.
    Supplement,
    /// Processing stood still for some days.
    Suspension,
    /// An apology with a new date; it ends on that.
    Extension,
    /// Refused after examination.
    Refused,
}

/// So many dossiers of one sort.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    /// When.
    pub(crate) origin: Origin,
    /// How they come.
    pub(crate) way: Way,
    /// Where their lives lead.
    pub(crate) fate: Fate,
    /// What is particular about them.
    pub(crate) quirk: Quirk,
    /// How many.
    pub(crate) count: usize,
}

/// Why a filing never became an accepted dossier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Miss {
    /// Intake refused it.
    Refused,
    /// The applicant took it back.
    Withdrawn,
    /// The applicant never brought what was missing.
    NeverCompleted,
    /// It came so late that it still waits.
    Waiting,
}

/// Filings of this half-year that stay outside the form.
pub(crate) const MISSES: [(Way, Miss, usize); 7] = [
    (ONLINE, Miss::Refused, 12),
    (ASSISTED, Miss::Refused, 2),
    (Way::Direct, Miss::Refused, 4),
    (Way::Postal, Miss::Refused, 1),
    (ONLINE, Miss::Withdrawn, 7),
    (ONLINE, Miss::NeverCompleted, 6),
    (ONLINE, Miss::Waiting, 5),
];

const ONLINE: Way = Way::Online { assisted: false };
const ASSISTED: Way = Way::Online { assisted: true };

const fn quota(origin: Origin, way: Way, fate: Fate, quirk: Quirk, count: usize) -> Quota {
    Quota {
        origin,
        way,
        fate,
        quirk,
        count,
    }
}

/// Everything that is accepted.
pub(crate) const QUOTAS: [Quota; 41] = {
    use Fate::{AtOnce, Early, OnTime, Pending, Withdrawn};
    use Origin::{Before, CarriedOver, InPeriod};
    use Quirk::{Extension, IntakeSupplement, Plain, Refused, Supplement, Suspension};
    use Way::{Direct, Postal};
    [
        quota(Before, ONLINE, Early, Plain, 8),
        quota(Before, ONLINE, OnTime, Plain, 1),
        quota(Before, ONLINE, Withdrawn, Plain, 1),
        quota(Before, Direct, Early, Plain, 3),
        quota(Before, Postal, OnTime, Plain, 1),
        // Carried over: 39 online, 8 direct or postal.
        quota(CarriedOver, ONLINE, Early, Plain, 26),
        quota(CarriedOver, ASSISTED, Early, Plain, 2),
        quota(CarriedOver, ONLINE, Early, Supplement, 3),
        quota(CarriedOver, ONLINE, Early, Refused, 2),
        quota(CarriedOver, ONLINE, OnTime, Plain, 5),
        quota(CarriedOver, ONLINE, Withdrawn, Plain, 1),
        quota(CarriedOver, Direct, Early, Plain, 5),
        quota(CarriedOver, Direct, OnTime, Plain, 1),
        quota(CarriedOver, Postal, Early, Plain, 2),
        // Accepted in the half-year online: 314.
        quota(InPeriod, ONLINE, Early, Plain, 185),
        quota(InPeriod, ASSISTED, Early, Plain, 24),
        quota(InPeriod, ONLINE, Early, IntakeSupplement, 26),
        quota(InPeriod, ONLINE, Early, Supplement, 18),
        quota(InPeriod, ONLINE, Early, Suspension, 5),
        quota(InPeriod, ONLINE, Early, Refused, 12),
        quota(InPeriod, ONLINE, OnTime, Plain, 16),
        quota(InPeriod, ONLINE, OnTime, Supplement, 3),
        quota(InPeriod, ONLINE, OnTime, Extension, 3),
        quota(InPeriod, ONLINE, OnTime, Refused, 2),
        quota(InPeriod, ONLINE, Withdrawn, Plain, 6),
        quota(InPeriod, ONLINE, Pending(Wait::Forwarding), Plain, 2),
        quota(InPeriod, ONLINE, Pending(Wait::Officer), Plain, 1),
        quota(InPeriod, ONLINE, Pending(Wait::Nothing), Plain, 5),
        quota(InPeriod, ONLINE, Pending(Wait::Supplement), Plain, 3),
        quota(InPeriod, ONLINE, Pending(Wait::Payment), Plain, 1),
        quota(InPeriod, ONLINE, Pending(Wait::Resumption), Plain, 2),
        // Accepted in the half-year at the counter or by post: 67.
        quota(InPeriod, Direct, Early, Plain, 32),
        quota(InPeriod, Direct, Early, IntakeSupplement, 4),
        quota(InPeriod, Direct, Early, Supplement, 4),
        quota(InPeriod, Direct, AtOnce, Plain, 6),
        quota(InPeriod, Direct, OnTime, Plain, 4),
        quota(InPeriod, Direct, Withdrawn, Plain, 2),
        quota(InPeriod, Direct, Pending(Wait::Nothing), Plain, 1),
        quota(InPeriod, Postal, Early, Plain, 10),
        quota(InPeriod, Postal, OnTime, Plain, 2),
        quota(InPeriod, Postal, Pending(Wait::Resumption), Plain, 2),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(of: impl Fn(&Quota) -> bool) -> usize {
        QUOTAS
            .iter()
            .filter(|quota| of(quota))
            .map(|quota| quota.count)
            .sum()
    }

    fn online(quota: &Quota) -> bool {
        matches!(quota.way, Way::Online { .. })
    }

    #[test]
    fn the_quotas_are_reading_b_of_the_article() {
        let carried = |quota: &Quota| quota.origin == Origin::CarriedOver;
        let received = |quota: &Quota| quota.origin == Origin::InPeriod;
        let counted = |quota: &Quota| carried(quota) || received(quota);
        assert_eq!(sum(counted), 428);
        assert_eq!(sum(|quota| received(quota) && online(quota)), 314);
        assert_eq!(sum(|quota| received(quota) && !online(quota)), 67);
        assert_eq!(sum(|quota| carried(quota) && online(quota)), 39);
        assert_eq!(sum(|quota| carried(quota) && !online(quota)), 8);
        assert_eq!(sum(|quota| counted(quota) && online(quota)), 353);
        assert_eq!(
            sum(|quota| counted(quota) && quota.fate == Fate::Early),
            360
        );
        let pending = |quota: &Quota| matches!(quota.fate, Fate::Pending(_));
        let on_time =
            |quota: &Quota| counted(quota) && quota.fate != Fate::Early && !pending(quota);
        assert_eq!(sum(on_time), 51);
        assert_eq!(sum(|quota| counted(quota) && pending(quota)), 17);
    }
}
