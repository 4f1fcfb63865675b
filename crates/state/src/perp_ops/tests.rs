//! The lazy index against explicit bookkeeping.
