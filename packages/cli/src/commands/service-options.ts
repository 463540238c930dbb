import { TermError } from '@triterm/core/errors';
import { planService, type ServicePlan } from '../service/plan.ts';
import type { CommandContext } from './definition.ts';

/** Whose service manager is meant, as every command of the group takes it. */
export const SCOPE_OPTIONS = {
  user: { description: "your own service manager's; so it is without either" },
  system: { description: "the machine's; as root" },
  account: {
    value: 'NAME',
    description: 'with --system: whom sessions run as; otherwise as it is installed, $SUDO_USER, or root',
  },
} as const;

export interface ScopeOptions {
  readonly user: boolean;
  readonly system: boolean;
  readonly account: string | undefined;
}

/** What the service is to be on this machine. Throws as `planService` does. */
export function servicePlan(
  { user, system, account }: ScopeOptions,
  { paths, env }: CommandContext,
): ServicePlan {
  if (user && system) throw new TermError('USAGE', '--user and --system exclude each other.');
  const { platform, execPath } = process;
  return planService({ scope: system ? 'system' : 'user', account, paths, env, platform, node: execPath });
}
