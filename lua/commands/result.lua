-- result: what the work on a job returned, as long as it is kept (option keep_result).
--
-- Args: jid.
-- Returns: {state (empty: the job is not known any more, and its result is), then, when it is
-- complete or not known, the result, if there is one; when it has failed, the failure (a msgpack
-- map, see store/failures.lua)}. A job in another state is not done, or was cancelled.
-- Errors: INVALID, NOJOB (neither the job nor a result is known).
-- Cost: O(1).

local arguments = require("rules.arguments")
local failures = require("store.failures")
local records = require("store.records")
local refuse = require("rules.refusal")
local results = require("store.results")
local states = require("rules.states")

local result = {}

function result.parse(step, args)
  arguments.count(args, 1)
  records.want(step, arguments.name(args[1], "jid"))
  return args[1]
end

function result.check(step, jid)
  local record = records.get(step, jid)
  local state = record and states.name[record.state] or ""
  local found
  if not record or record.state == states.number.complete then
    found = results.read(step, jid, record)
  elseif record.state == states.number.failed then
    found = failures.packed(step, record)
  end
  if not record and not found then
    refuse("NOJOB", "no job " .. jid)
  end
  return { state, found }
end

function result.apply(_, answer)
  return answer
end

return result
