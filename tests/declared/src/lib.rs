//! The engine as a program sees it that knows nothing of this repository but `idl/plimsoll.json`.
#![allow(missing_docs, reason = "Anchor's macro makes everything here of the description")]

use anchor_lang::prelude::*;

declare_program!(plimsoll);
