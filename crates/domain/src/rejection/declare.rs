//! How a rejection is declared: everything about it in one place, in the list that `reasons` is.

/// Declares each rejection once. The reasons are part of the contract: add, never change.
macro_rules! rejections {
    ($(
        $(#[$doc:meta])*
        $variant:ident $({ $($field:ident: $type:ty),* $(,)? })? = $reason:literal $kind:ident $(field $blame:tt)?
            en($($en:tt)*) vi($($vi:tt)*) hint($hint:literal)
    )*) => {
        /// Why the rules refuse a wish. Nothing is left in the log; the caller gets the reason.
        #[derive(Clone, PartialEq, Eq, Debug)]
        #[allow(missing_docs, reason = "the fields are named after what they hold; the sentences say the rest")]
        pub enum Rejection { $($(#[$doc])* $variant $({ $($field: $type),* })?,)* }

        #[allow(unused_variables, reason = "not every sentence tells every field")]
        impl Rejection {
            /// Every reason there is.
            pub const REASONS: &'static [&'static str] = &[$($reason),*];

            /// The stable name of the reason, for programs.
            pub fn reason(&self) -> &'static str {
                match self { $(Self::$variant $({ $($field),* })? => $reason,)* }
            }

            /// What sort of no it is.
            pub fn kind(&self) -> RejectionKind {
                match self { $(Self::$variant $({ $($field),* })? => RejectionKind::$kind,)* }
            }

            /// The field of the request that is to blame, as the protocol names it; `None` when no field is.
            pub fn field(&self) -> Option<&'static str> {
                match self { $(Self::$variant $({ $($field),* })? => rejections!(@blame $($blame)?),)* }
            }

            /// The sentence in English.
            pub(super) fn english(&self) -> String {
                match self { $(Self::$variant $({ $($field),* })? => std::fmt::format(format_args!($($en)*)),)* }
            }

            /// The sentence in Vietnamese, for people.
            pub fn vietnamese(&self) -> String {
                match self { $(Self::$variant $({ $($field),* })? => std::fmt::format(format_args!($($vi)*)),)* }
            }

            /// What to do next, in English.
            pub fn hint(&self) -> &'static str {
                match self { $(Self::$variant $({ $($field),* })? => $hint,)* }
            }
        }
    };
    (@blame) => { None };
    (@blame $blame:tt) => { Some($blame) };
}
