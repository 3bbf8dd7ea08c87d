-- wait: looks at jobs, and has the ends of those that have not ended told.
--
-- Args: block (1: the caller is going to block on the rings; 0: it only looks), jids, at most
-- limits.JOBS.
-- Returns: for each job its state (empty: it is not known, or not any more), how often it has been
-- handed out, and its ring (empty: it has ended, or is not known, or block is 0). A job that has
-- ended is complete, failed or cancelled. XREAD with BLOCK on the rings, each from 0, for at most
-- limits.SLEEP, then look again, whatever XREAD said.
-- Errors: INVALID. Cost: O(1) a job.

local arguments = require("rules.arguments")
local ends = require("store.ends")
local limits = require("rules.limits")
local records = require("store.records")
local states = require("rules.states")

local wait = {}

local ENDED = {
  [states.number.complete] = true,
  [states.number.failed] = true,
  [states.number.cancelled] = true,
}

function wait.parse(step, args)
  arguments.count(args, 2, 1 + limits.JOBS)
  local block = arguments.integer(args[1], "block", 0, 1) == 1
  local jids = { unpack(args, 2) }
  for position = 1, #jids do
    records.want(step, arguments.name(jids[position], "jid"))
  end
  return { block = block, jids = jids }
end

function wait.apply(step, request)
  local answer = {}
  for position, jid in ipairs(request.jids) do
    local record = records.get(step, jid)
    local open = record and not ENDED[record.state]
    local at = 3 * position - 2
    answer[at] = record and states.name[record.state] or ""
    answer[at + 1] = record and record.attempt or 0
    answer[at + 2] = open and request.block and ends.await(step, record) or ""
  end
  return answer
end

return wait
