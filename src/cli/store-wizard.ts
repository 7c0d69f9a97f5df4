/** Asks a newcomer where the event log shall be; undefined is the embedded one. Questions go to stderr. */
export async function askForStore(current: string | undefined): Promise<string | undefined> {
  const {createPromptModule} = (await import('inquirer')).default
  const prompt = createPromptModule({output: process.stderr})
  const {place} = await prompt([
    {
      type: 'select',
      name: 'place',
      message: 'Where shall events be kept?',
      choices: [
        {name: 'here, in a file (no server needed)', value: 'embedded'},
        {name: 'on a NATS JetStream server', value: 'nats'},
      ],
    },
  ])
  if (place === 'embedded') return undefined
  const {url} = await prompt([
    {
      type: 'input',
      name: 'url',
      message: 'Its URL',
      default: current ?? 'nats://localhost:4222',
      validate: (text: string) =>
        /^(nats|tls):\/\/\S+$/.test(text) || 'a URL such as nats://localhost:4222 or tls://host:4222',
    },
  ])
  return url
}
