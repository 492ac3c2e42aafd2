"""The control door: add and look at mail, bring on faults, read the counters. Plain HTTP, loopback only."""
