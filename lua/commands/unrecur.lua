-- unrecur: ends a recurring job; the children that it has made stay.
--
-- Args: jid.
-- Returns: 1, or 0 when there is no such template, or none any more: a repeat changes nothing.
-- Errors: INVALID.
-- Events: unrecur.
-- Cost: O(log n).

local arguments = require("rules.arguments")
local events = require("store.events")
local queues = require("store.queues")
local steps = require("store.step")
local templates = require("store.templates")

local unrecur = {}

function unrecur.parse(_, args)
  arguments.count(args, 1)
  return arguments.name(args[1], "jid")
end

function unrecur.check(step, jid)
  steps.touch(step, jid)
  return { template = templates.read(step, jid) }
end

function unrecur.apply(step, plan)
  local template = plan.template
  if not template then
    return 0
  end
  local queue = queues.numbered(step, template.queue)
  templates.remove(step, template, queue)
  events.report(step, "unrecur", template, queue.name, "", "")
  return 1
end

return unrecur
