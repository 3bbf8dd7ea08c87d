-- limits: what is allowed under names, and how much of it is taken.
--
-- Args: cursor (empty: from the start), count (1 to limits.JOBS), for those that were set, by name;
-- or: empty, 0, and names.
-- Returns: {cursor of the next page (empty: this was the last), then for each {name, at_once, rate,
-- period (milliseconds), burst (each empty: not limited so), how many run under it, how many may
-- start now (empty: any number), how many are parked, when the next one may start by the rate
-- (milliseconds; empty: now, or when one has ended)}}.
-- Errors: INVALID. Cost: O(1) a limit and queue.

local keys = require("store.keys")
local listing = require("doors.listing")
local throttle = require("doors.throttle")

return listing("name", keys.limits, throttle.describe)
