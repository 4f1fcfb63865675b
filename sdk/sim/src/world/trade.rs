//! Deposits, withdrawals, borrows, repayments, fills.
