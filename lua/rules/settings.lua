-- Every setting of a namespace: default and limits. Times are seconds, as users write them. What a
-- queue can have of its own is in rules/setting.lua.

local DAY = 86400

return {
  -- Seconds that a lease lasts when neither pop, job nor queue says so; `heartbeat-<queue>` is the
  -- queue's own.
  heartbeat = { default = 60, low = 0.001, high = 365 * DAY, fraction = true },
  -- Seconds that a holder has left after its lease ran out for the first time.
  ["grace-period"] = { default = 0, low = 0, high = 365 * DAY, fraction = true },
  -- Lost leases that stop a job as poison when it does not say so itself; 0: any number.
  ["poison-after"] = { default = 3, low = 0, high = 255 },
  -- Days that a queue's daily counts are kept, and its histograms.
  ["stats-history"] = { default = 30, low = 1, high = 3650 },
  ["histogram-history"] = { default = 7, low = 1, high = 3650 },
  -- Complete and failed jobs that a queue keeps, by number and by seconds.
  ["jobs-history-count"] = { default = 50000, low = 0, high = 100000000 },
  ["jobs-history"] = { default = 7 * DAY, low = 0, high = 3650 * DAY, fraction = true },
  ["failed-history-count"] = { default = 100000, low = 1, high = 100000000 },
  ["failed-history"] = { default = 180 * DAY, low = 1, high = 3650 * DAY, fraction = true },
  -- Seconds after the last put into a flow that is not sealed, after which it is cancelled.
  ["flow-grace"] = { default = 3600, low = 1, high = 365 * DAY, fraction = true },
  -- Seconds that the results of a flow's members are kept, unless a member says so itself.
  ["flow-results"] = { default = 7 * DAY, low = 1, high = 3650 * DAY, fraction = true },
  -- Entries of history that a job keeps.
  ["max-job-history"] = { default = 100, low = 1, high = 1000 },
  -- Bytes of one job's payload.
  ["max-payload"] = { default = 1048576, low = 1, high = 16777215 },
  -- Seconds after which a worker that shows no sign of life leaves the registry.
  ["worker-history"] = { default = DAY, low = 1, high = 365 * DAY, fraction = true },
  -- Which transitions are published to the event stream, and how many calls' worth it keeps.
  events = { default = "all", words = { all = true, tracked = true, none = true } },
  ["events-history"] = { default = 10000, low = 1, high = 10000000 },
  -- A name for people, shown by tools.
  application = { default = "pyjobs", text = true },
}
