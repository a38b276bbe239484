//! Laws that every instance must obey, stated once as equations and run over every registered instance.
