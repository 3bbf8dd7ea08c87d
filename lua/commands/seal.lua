-- seal: a flow is whole; its members, held until now, may run.
--
-- Args: flow.
-- Returns: how many members are still held: a tick frees them, and so does the same call again.
-- Errors: INVALID, NOJOB (no such flow), STATE (cancelled).
-- Events: unblocked, for each member that is freed.
-- Cost: O(log n) for each of up to limits.JOBS members.
--
-- What the same step puts into the flow is not held at all, so a small flow is put and sealed in
-- one call. A flow that is sealed takes further members as long as one of its own has not ended.

local arguments = require("rules.arguments")
local flows = require("store.flows")
local freeing = require("doors.freeing")
local limits = require("rules.limits")
local refuse = require("rules.refusal")

local seal = {}

function seal.parse(step, args)
  arguments.count(args, 1)
  flows.seal_soon(step, arguments.name(args[1], "flow"))
  return args[1]
end

function seal.check(step, id)
  local flow = flows.read(step, id)
  if not (flow.created or flow.coming) then
    refuse("NOJOB", "no flow " .. id)
  elseif flow.stopped then
    refuse("STATE", "flow: " .. id .. " is cancelled")
  end
  return id
end

function seal.apply(step, id)
  if not flows.read(step, id).sealed then
    flows.mark(step, id, "sealed")
  end
  return (freeing.slice(step, id, limits.JOBS))
end

return seal
