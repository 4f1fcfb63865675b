//! Where prices come from besides the chain, and where they are posted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where prices come from besides the chain.
    pub prices: PricesConfig,
