-- The sets of a queue that hold its jobs, by state: key, and where the jid starts in a member.

local claim = require("doors.claim")
local keys = require("store.keys")
local places = require("store.places")
local scheduled = require("store.scheduled")

return {
  waiting = { key = keys.waiting, jid = places.JID },
  throttled = { key = keys.throttled, jid = places.JID },
  scheduled = { key = keys.scheduled, jid = scheduled.JID },
  depends = { key = keys.depends, jid = 1 },
  running = { key = keys.running, jid = claim.JID },
  complete = { key = keys.complete, jid = 1 },
  failed = { key = keys.failed, jid = 1 },
}
