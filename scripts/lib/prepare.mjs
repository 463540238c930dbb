import { build, isBuilt } from './build.mjs';
import { dependenciesInstalled, installDependencies } from './dependencies.mjs';
import { withLock } from './lock.mjs';
import { findNode } from './node.mjs';

/**
 * Makes a checkout ready to run: dependencies, and the build where asked for. Does nothing, in milliseconds, when it is.
 * Any number of processes may ask at once. Returns the Node to run with; rejects with a Stop.
 */
export async function prepare({ withBuild }) {
  const isReady = () => dependenciesInstalled() && (!withBuild || isBuilt());
  if (!isReady()) {
    await withLock(() => {
      if (!dependenciesInstalled()) installDependencies();
      if (withBuild && !isBuilt()) build(findNode());
    });
  }
  return findNode();
}
