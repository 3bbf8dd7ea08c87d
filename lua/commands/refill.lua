-- refill: says which moments of a template's calendar follow those that are known.
--
-- Args: jid, calendar and known (as refills has answered them), then the moments (milliseconds),
-- ascending, 1 to limits.MOMENTS of them. All moments up to the last of them are there that refills
-- has asked for.
-- Returns: refilled, or kept when nothing is wanted of this calendar after that moment (any more):
-- another has been faster, or the template is another or gone.
-- Errors: INVALID. Cost: O(log n).
--
-- A repeat is kept, as more is known by then. No slot is made twice: what is added comes after all
-- that was known.

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")
local queues = require("store.queues")
local refuse = require("rules.refusal")
local slots = require("rules.slots")
local steps = require("store.step")
local templates = require("store.templates")

local refill = {}

function refill.parse(_, args)
  arguments.count(args, 4, 3 + limits.MOMENTS)
  local request = {
    jid = arguments.name(args[1], "jid"),
    calendar = args[2],
    known = arguments.integer(args[3], "known", -1, limits.SEQUENCE - 1),
    moments = {},
  }
  local before = request.known
  for position = 4, #args do
    local moment = arguments.integer(args[position], "moment", 0, limits.SEQUENCE - 1)
    if moment <= before then
      refuse("INVALID", string.format("moment: %.0f does not come after %.0f", moment, before))
    end
    request.moments[position - 3] = moment
    before = moment
  end
  return request
end

-- Whether these moments go on where the known ones end. Where only the newest missed slots count,
-- they have to reach beyond now.
local function follows(step, template, request)
  local moments = request.moments
  return template
    and template.calendar == request.calendar
    and template.known == request.known
    and redis.call("ZSCORE", keys.refills(step), template.jid)
    and (moments[#moments] > step.now or slots.newest(template) == math.huge)
end

function refill.check(step, request)
  local template = templates.read(step, request.jid)
  if not follows(step, template, request) then
    return { answer = "kept" }
  end
  steps.touch(step, request.jid)
  return { template = template, moments = request.moments }
end

function refill.apply(step, plan)
  local template = plan.template
  if plan.answer then
    return plan.answer
  end
  for position = 1, #plan.moments do
    table.insert(template.moments, plan.moments[position])
  end
  template.known = plan.moments[#plan.moments]
  template.due = slots.nth(template, 0)
  templates.want_no_more(step, template.jid)
  local queue = queues.numbered(step, template.queue)
  templates.reach(step, template, queue, templates.schedule(step, template, queue, true))
  return "refilled"
end

return refill
