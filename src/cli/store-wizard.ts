/** Asks a newcomer where the event log shall be; returns its URL. Questions go to stderr. */
export async function askForStore(embedded: string): Promise<string> {
  const {createPromptModule} = (await import('inquirer')).default
  const prompt = createPromptModule({output: process.stderr})
  const {place} = await prompt([
    {
      type: 'select',
      name: 'place',
      message: 'Where shall events be kept?',
      choices: [
        {name: 'here, in a file (no server needed)', value: embedded},
        {name: 'on a NATS JetStream server', value: 'server'},
      ],
    },
  ])
  if (place !== 'server') return place
  const {url} = await prompt([
    {
      type: 'input',
      name: 'url',
      message: 'Its URL',
      default: 'nats://localhost:4222',
      validate: (text: string) =>
        /^(nats|tls):\/\/\S+$/.test(text) || 'a URL such as nats://localhost:4222 or tls://host:4222',
    },
  ])
  return url
}
